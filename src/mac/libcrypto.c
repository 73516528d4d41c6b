/* libcrypto.c - weir/mac.h: the MACs of TCP-AO and TCP-MD5, by OpenSSL. */
#include <weir/mac.h>

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>

static bool digest_md5(const struct weir_slice *parts, size_t n, uint8_t *out)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool ok = context && EVP_DigestInit_ex(context, EVP_md5(), NULL) == 1;

    for (size_t i = 0; ok && i < n; i++) {
        ok = EVP_DigestUpdate(context, parts[i].data, parts[i].size) == 1;
    }
    ok = ok && EVP_DigestFinal_ex(context, out, NULL) == 1;
    EVP_MD_CTX_free(context);
    return ok;
}

static bool keyed(const char *mac_name, const char *parameter, const char *value, const void *key,
                  size_t key_size, const struct weir_slice *parts, size_t n, uint8_t *out)
{
    char text[16];
    size_t size = 0;
    for (; value[size] && size < sizeof(text) - 1; size++) {
        text[size] = value[size]; /* OSSL_PARAM wants it writable */
    }
    text[size] = 0;
    OSSL_PARAM parameters[] = {OSSL_PARAM_construct_utf8_string(parameter, text, 0),
                               OSSL_PARAM_construct_end()};
    EVP_MAC *mac = EVP_MAC_fetch(NULL, mac_name, NULL);
    EVP_MAC_CTX *context = mac ? EVP_MAC_CTX_new(mac) : NULL;
    bool ok = context && EVP_MAC_init(context, key, key_size, parameters) == 1;

    for (size_t i = 0; ok && i < n; i++) {
        ok = EVP_MAC_update(context, parts[i].data, parts[i].size) == 1;
    }
    ok = ok && EVP_MAC_final(context, out, &size, WEIR_MAC_MAX) == 1;
    EVP_MAC_CTX_free(context);
    EVP_MAC_free(mac);
    return ok;
}

static bool compute(void *ctx, enum weir_mac mac, const void *key, size_t key_size,
                    const struct weir_slice *parts, size_t n, uint8_t *out)
{
    (void)ctx;
    switch (mac) {
    case WEIR_MAC_MD5: return digest_md5(parts, n, out);
    case WEIR_MAC_HMAC_SHA1:
        return keyed("HMAC", OSSL_MAC_PARAM_DIGEST, "SHA1", key, key_size, parts, n, out);
    case WEIR_MAC_AES_128_CMAC:
        return keyed("CMAC", OSSL_MAC_PARAM_CIPHER, "AES-128-CBC", key, key_size, parts, n, out);
    default: return false;
    }
}

bool weir_mac_libcrypto(struct weir_mac_ops *ops)
{
    static const uint8_t key[16] = "weir tries this";
    const struct weir_slice nothing = {key, 0};
    uint8_t out[WEIR_MAC_MAX];

    *ops = (struct weir_mac_ops){.compute = compute};
    for (int mac = 0; mac < WEIR_MAC_COUNT; mac++) {
        if (!compute(NULL, (enum weir_mac)mac, key, sizeof(key), &nothing, 1, out)) {
            *ops = (struct weir_mac_ops){0};
            return false;
        }
    }
    return true;
}
