/* fuzz_checksum.c - every way to sum the same bytes gives the same. First three bytes: cuts and start. */
#include "fuzz_kit.h"

#include "host/simd.h"
#include "wire/checksum.h"

static uint16_t naive(const uint8_t *p, size_t size, uint32_t sum)
{
    for (size_t i = 0; i < size; i += 2) {
        uint8_t word[2] = {p[i], i + 1 < size ? p[i + 1] : 0};
        sum += csum_load(word);
        sum = (sum & 0xffff) + (sum >> 16);
    }
    return (uint16_t)sum;
}

static void check_ops(const struct weir_ops *ops, const uint8_t *p, size_t size, size_t cut,
                      uint16_t start)
{
    uint16_t want = naive(p, size, start);
    const struct weir_slice slices[] = {{p, cut}, {p + cut, 0}, {p + cut, size - cut}};
    uint8_t *copy = fuzz_copy(p, size);

    CHECK(csum_fold(csum_sum(ops, p, size, start)) == want);
    CHECK(csum_fold(csum_slices(ops, slices, 3, 0, start)) == want);
    uint64_t sum = csum_add_at(start, csum_sum(ops, p + cut, size - cut, 0), cut);
    CHECK(csum_fold(csum_add_at(sum, csum_sum(ops, p, cut, 0), 0)) == want);
    CHECK((uint16_t)~csum_finish(sum) == csum_fold(sum));
    memset(copy, 0, size);
    CHECK(csum_fold(csum_copy(ops, copy, p, size, start)) == want);
    CHECK(memcmp(copy, p, size) == 0);
    free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct weir_ops ops;
    size_t cut = fuzz_byte(&data, &size) * 7u;
    uint16_t start = fuzz_u16(&data, &size);
    uint8_t *p = fuzz_copy(data, size);

    simd_fill(&ops);
    cut = size == 0 ? 0 : cut % (size + 1);
    check_ops(NULL, p, size, cut, start);
    check_ops(&ops, p, size, cut, start);
    free(p);
    return 0;
}
