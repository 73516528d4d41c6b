/*
 * mac.h - message authentication codes from OpenSSL's libcrypto, for TCP-AO and TCP-MD5.
 *
 * A library of its own (libweir-mac, pkg-config weir-mac), so that libweir needs no cryptography:
 *
 *     weir_config_default(&config);
 *     weir_mac_libcrypto(&config.mac);
 */
#ifndef WEIR_MAC_H
#define WEIR_MAC_H

#include <weir/weir.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Fills the table. false: this libcrypto cannot do one of the three (MD5 may be forbidden by policy); then
 * the table is left empty. The table needs no freeing and may be used by any number of stacks. */
WEIR_API bool weir_mac_libcrypto(struct weir_mac_ops *ops);

#ifdef __cplusplus
}
#endif
#endif
