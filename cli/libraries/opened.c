/* Stubs and slots of the library functions that `writ` calls; see cli/libraries.h. */
#include "cli/libraries.h"

#include <dlfcn.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

/* `library_calls.def` has a row LIBRARY(number, soname) for each library and below it a row
 * CALL(number of the library, name of the function) for each function. */
enum { MISSING = 2 }; /* the status of a program that cannot go on */

static const char *const SONAMES[] = {
#define LIBRARY(number, soname) soname,
#define CALL(number, name)
#include "cli/library_calls.def"
#undef LIBRARY
#undef CALL
};
#define N_LIBRARIES (sizeof SONAMES / sizeof *SONAMES)

/* Names by value: no row needs the dynamic linker's work at start. */
static const struct call {
    uint8_t library;
    char name[63];
} CALLS[] = {
#define LIBRARY(number, soname)
#define CALL(number, name) {number, #name},
#include "cli/library_calls.def"
#undef LIBRARY
#undef CALL
};
#define N_CALLS (sizeof CALLS / sizeof *CALLS)

void *_Atomic cli_library_slots[N_CALLS];
static void *_Atomic handles[N_LIBRARIES];

/* Called by the stubs alone. */
void *cli_library_find(uint32_t i);

static _Noreturn void missing(const struct call *c)
{
    const char *why = dlerror();
    fprintf(stderr, "writ: %s is needed for %s: %s\n", SONAMES[c->library], c->name,
            why ? why : "not found");
    _exit(MISSING);
}

void *cli_library_find(uint32_t i)
{
    const struct call *c = &CALLS[i];
    void *handle = atomic_load(&handles[c->library]);
    if (!handle) {
        handle = dlopen(SONAMES[c->library], RTLD_NOW | RTLD_LOCAL);
        if (!handle)
            missing(c);
        atomic_store(&handles[c->library], handle);
    }
    void *found = dlsym(handle, c->name);
    if (!found)
        missing(c);
    atomic_store(&cli_library_slots[i], found);
    return found;
}

void cli_open_libraries(void)
{
    for (uint32_t i = 0; i < N_CALLS; i++)
        cli_library_find(i);
}

#ifndef __x86_64__
#error "stubs are written for x86-64: configure with WRIT_LINK_LIBRARIES=ON"
#endif
/* A stub leaves every register alone that may hold an argument: six of integers, eight of vectors,
 * and al, which counts the vectors of a call with variable arguments. r11 belongs to nobody between
 * call and callee. At `library_call_first` the stack is 8 short of its alignment. */
__asm__(".text\n"
        ".p2align 4\n"
        ".local library_call_first\n"
        ".type library_call_first, @function\n"
        "library_call_first:\n"
        "    .cfi_startproc\n"
        "    pushq %rax; pushq %rdi; pushq %rsi; pushq %rdx; pushq %rcx; pushq %r8; pushq %r9\n"
        "    subq $128, %rsp\n"
        "    .cfi_adjust_cfa_offset 184\n"
        "    movups %xmm0, 0(%rsp); movups %xmm1, 16(%rsp)\n"
        "    movups %xmm2, 32(%rsp); movups %xmm3, 48(%rsp)\n"
        "    movups %xmm4, 64(%rsp); movups %xmm5, 80(%rsp)\n"
        "    movups %xmm6, 96(%rsp); movups %xmm7, 112(%rsp)\n"
        "    movl %r11d, %edi\n"
        "    call cli_library_find\n"
        "    movq %rax, %r11\n"
        "    movups 0(%rsp), %xmm0; movups 16(%rsp), %xmm1\n"
        "    movups 32(%rsp), %xmm2; movups 48(%rsp), %xmm3\n"
        "    movups 64(%rsp), %xmm4; movups 80(%rsp), %xmm5\n"
        "    movups 96(%rsp), %xmm6; movups 112(%rsp), %xmm7\n"
        "    addq $128, %rsp\n"
        "    popq %r9; popq %r8; popq %rcx; popq %rdx; popq %rsi; popq %rdi; popq %rax\n"
        "    .cfi_adjust_cfa_offset -184\n"
        "    jmp *%r11\n"
        "    .cfi_endproc\n"
        ".size library_call_first, . - library_call_first\n"
        ".set library_call_number, 0\n"
        ".macro library_call name\n"
        "    .p2align 4\n"
        "    .globl \\name\n"
        "    .hidden \\name\n"
        "    .type \\name, @function\n"
        "\\name:\n"
        "    .cfi_startproc\n"
        "    endbr64\n"
        "    movq cli_library_slots+8*library_call_number(%rip), %r11\n"
        "    testq %r11, %r11\n"
        "    je 1f\n"
        "    jmp *%r11\n"
        "1:  movl $library_call_number, %r11d\n"
        "    jmp library_call_first\n"
        "    .cfi_endproc\n"
        "    .size \\name, . - \\name\n"
        "    .set library_call_number, library_call_number+1\n"
        ".endm\n"
#define LIBRARY(number, soname)
#define CALL(number, name) "library_call " #name "\n"
#include "cli/library_calls.def"
#undef LIBRARY
#undef CALL
);
