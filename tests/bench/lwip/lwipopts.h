/*
 * lwipopts.h - lwIP as fast as it goes in one thread: no locks, no assertions, fixed pools for its small
 * objects, malloc for segments, pool buffers of packet size for reception, a window of 256 KB, and of its
 * three checksum loops the one that the compiler makes vectors of (which it does at -O3 only).
 * What was tried and was no faster: windows of 64 KB, 128 KB, 512 KB and 1 MB, the other two loops, checksums
 * apart from the copy.
 */
#ifndef BENCH_LWIPOPTS_H
#define BENCH_LWIPOPTS_H

#define NO_SYS 1
#define SYS_LIGHTWEIGHT_PROT 0
#define LWIP_NETCONN 0
#define LWIP_SOCKET 0

/* Only what TCP over IPv4 on two bare links needs. */
#define LWIP_IPV4 1
#define LWIP_IPV6 0
#define LWIP_ARP 0
#define LWIP_ETHERNET 0
#define LWIP_UDP 0
#define LWIP_RAW 0
#define LWIP_DHCP 0
#define LWIP_DNS 0
#define IP_REASSEMBLY 0
#define IP_FRAG 0
#define IP_FORWARD 0
#define LWIP_STATS 0
#define LWIP_NETIF_TX_SINGLE_PBUF 0
#define LWIP_SINGLE_NETIF 0

/* Memory */
#define MEM_ALIGNMENT 8
#define MEM_LIBC_MALLOC 1
#define MEMP_MEM_MALLOC 0
#define MEMP_NUM_TCP_PCB 64
#define MEMP_NUM_TCP_PCB_LISTEN 8
#define MEMP_NUM_TCP_SEG 4096
#define MEMP_NUM_PBUF 4096
#define PBUF_POOL_SIZE 2048

/* TCP */
#ifndef BENCH_MSS
#define BENCH_MSS 1460
#endif
#define TCP_MSS BENCH_MSS
#define PBUF_POOL_BUFSIZE (TCP_MSS + 40 + 36)
#define LWIP_WND_SCALE 1
#define TCP_RCV_SCALE 5
#ifndef BENCH_WND
#define BENCH_WND (256 * 1024)
#endif
#define TCP_WND BENCH_WND
#define TCP_SND_BUF TCP_WND
#define TCP_SND_QUEUELEN 2048
#define TCP_SNDLOWAT (TCP_MSS > 8192 ? 1024 : 32768)
#define TCP_OVERSIZE TCP_MSS
#define TCP_QUEUE_OOSEQ 1
#define LWIP_TCP_SACK_OUT 1
#define LWIP_TCP_TIMESTAMPS 0
#define TCP_LISTEN_BACKLOG 1

/* Checksums: computed and verified, in software */
#ifndef LWIP_CHECKSUM_ON_COPY
#define LWIP_CHECKSUM_ON_COPY 1
#endif
#define CHECKSUM_GEN_IP 1
#define CHECKSUM_GEN_TCP 1
#define CHECKSUM_CHECK_IP 1
#define CHECKSUM_CHECK_TCP 1
#ifndef LWIP_CHKSUM_ALGORITHM
#define LWIP_CHKSUM_ALGORITHM 2
#endif

#define LWIP_NOASSERT 1

#endif
