/* Preloaded into the core by test_core_allocations: counts, thread by thread, what is asked of the C library's allocator.
 *
 * The counts lie in a file (CONCLAVE_ALLOCATIONS names it), one record a thread, so that they can be read from outside.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

enum { THREADS = 256 };

struct record {
    uint64_t thread, count;
};

extern void *__libc_malloc(size_t), *__libc_calloc(size_t, size_t), *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t);

static struct record elsewhere, *records;
static unsigned next;
static __thread struct record *own __attribute__((tls_model("initial-exec")));

__attribute__((constructor)) static void start(void) {
    const char *path = getenv("CONCLAVE_ALLOCATIONS");
    const int fd = path ? open(path, O_RDWR) : -1;
    void *mapped = fd < 0 ? MAP_FAILED : mmap(NULL, THREADS * sizeof(*records), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (fd >= 0)
        close(fd);
    if (mapped != MAP_FAILED)
        records = mapped;
}

static void count(void) {
    if (own == NULL && records != NULL) {
        const unsigned place = __atomic_fetch_add(&next, 1, __ATOMIC_RELAXED);
        own = place < THREADS ? &records[place] : &elsewhere;
        own->thread = (uint64_t)gettid();
    }
    if (own != NULL)
        own->count++;
}

void *malloc(size_t size) {
    count();
    return __libc_malloc(size);
}

void *calloc(size_t number, size_t size) {
    count();
    return __libc_calloc(number, size);
}

void *realloc(void *memory, size_t size) {
    count();
    return __libc_realloc(memory, size);
}

void *aligned_alloc(size_t alignment, size_t size) {
    count();
    return __libc_memalign(alignment, size);
}

int posix_memalign(void **out, size_t alignment, size_t size) {
    count();
    *out = __libc_memalign(alignment, size);
    return *out == NULL ? 12 : 0;
}
