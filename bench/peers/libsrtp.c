/* libsrtp2.so.1 for a program that is linked with Debian's: passes its calls on to the libsrtp of pylibsrtp's wheel.
 *
 * Debian builds libsrtp2 on NSS, the wheel on OpenSSL. The wheel's library is a Python extension: libpython is loaded
 * for its symbols and never started. CONCLAVE_LIBSRTP and CONCLAVE_LIBPYTHON name the two. RTLD_DEEPBIND keeps the
 * wheel's OpenSSL apart from the program's own.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>

#define FUNCTIONS(X)                                                                                                   \
    X(srtp_create)                                                                                                     \
    X(srtp_crypto_policy_set_aes_cm_128_hmac_sha1_32)                                                                  \
    X(srtp_crypto_policy_set_aes_gcm_128_16_auth)                                                                      \
    X(srtp_crypto_policy_set_aes_gcm_256_16_auth)                                                                      \
    X(srtp_crypto_policy_set_rtp_default)                                                                              \
    X(srtp_dealloc)                                                                                                    \
    X(srtp_get_version_string)                                                                                         \
    X(srtp_init)                                                                                                       \
    X(srtp_protect)                                                                                                    \
    X(srtp_protect_rtcp)                                                                                               \
    X(srtp_unprotect)                                                                                                  \
    X(srtp_unprotect_rtcp)

/* Every argument of these functions is a pointer, and none has more than three. */
#define FORWARD(name)                                                                                                  \
    static void *(*the_##name)(void *, void *, void *);                                                                \
    void *name(void *first, void *second, void *third) { return the_##name(first, second, third); }
FUNCTIONS(FORWARD)

static void *opened(const char *variable, int flags) {
    const char *path = getenv(variable);
    void *library = path ? dlopen(path, flags) : NULL;
    if (library == NULL) {
        fprintf(stderr, "%s: %s\n", variable, path ? dlerror() : "not set");
        exit(1);
    }
    return library;
}

__attribute__((constructor)) static void bind_functions(void) {
    opened("CONCLAVE_LIBPYTHON", RTLD_LAZY | RTLD_GLOBAL);
    void *library = opened("CONCLAVE_LIBSRTP", RTLD_LAZY | RTLD_LOCAL | RTLD_DEEPBIND);
#define BIND(name)                                                                                                     \
    if ((the_##name = (void *(*)(void *, void *, void *))dlsym(library, #name)) == NULL) {                             \
        fprintf(stderr, "the wheel's libsrtp lacks " #name "\n");                                                      \
        exit(1);                                                                                                       \
    }
    FUNCTIONS(BIND)
}
