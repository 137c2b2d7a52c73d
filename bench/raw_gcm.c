/* CPU time of AES-128-GCM alone over packets of one size: the floor that a forwarded packet is compared with.
 *
 * Usage: raw_gcm PACKETS SIZE    prints nanoseconds of CPU per packet and the library used
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#ifdef CONCLAVE_HAVE_IPSEC_MB
#include <intel-ipsec-mb.h>
#else
#include <openssl/evp.h>
#endif

enum { HEADER = 12, TAG = 16, BUFFERS = 8 };

static double cpu_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return now.tv_sec * 1e9 + now.tv_nsec;
}

int main(int count, char **arguments) {
    if (count != 3)
        return 2;
    const long packets = atol(arguments[1]);
    const size_t size = strtoul(arguments[2], NULL, 10);
    if (packets < 1 || size <= HEADER || size > 1472)
        return 2;
    static uint8_t in[BUFFERS][2048], out[BUFFERS][2048];
    uint8_t key[16], iv[12] = {0};
    for (size_t i = 0; i < sizeof(key); i++)
        key[i] = (uint8_t)(i * 17);
    for (size_t i = 0; i < sizeof(in); i++)
        ((uint8_t *)in)[i] = (uint8_t)(i * 31);
#ifdef CONCLAVE_HAVE_IPSEC_MB
    const char *library = "ipsec-mb";
    IMB_MGR *manager = alloc_mb_mgr(0);
    if (manager == NULL)
        return 1;
    init_mb_mgr_auto(manager, NULL);
    static struct gcm_key_data keys;
    struct gcm_context_data context;
    IMB_AES128_GCM_PRE(manager, key, &keys);
#else
    const char *library = "openssl";
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    if (context == NULL || EVP_EncryptInit_ex(context, EVP_aes_128_gcm(), NULL, key, iv) != 1)
        return 1;
#endif
    const double start = cpu_ns();
    for (long i = 0; i < packets; i++) {
        const size_t buffer = i % BUFFERS;
        memcpy(iv, &i, sizeof(i));
#ifdef CONCLAVE_HAVE_IPSEC_MB
        IMB_AES128_GCM_ENC(manager, &keys, &context, out[buffer] + HEADER, in[buffer] + HEADER, size - HEADER, iv,
                           in[buffer], HEADER, out[buffer] + size, TAG);
#else
        int written;
        if (EVP_EncryptInit_ex(context, NULL, NULL, NULL, iv) != 1 ||
            EVP_EncryptUpdate(context, NULL, &written, in[buffer], HEADER) != 1 ||
            EVP_EncryptUpdate(context, out[buffer] + HEADER, &written, in[buffer] + HEADER, (int)(size - HEADER)) != 1 ||
            EVP_EncryptFinal_ex(context, out[buffer] + size, &written) != 1 ||
            EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_GET_TAG, TAG, out[buffer] + size) != 1)
            return 1;
#endif
    }
    printf("%.1f %s\n", (cpu_ns() - start) / packets, library);
    return 0;
}
