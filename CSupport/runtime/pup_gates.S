/* The return gates. A procedure that the pup waits for returns to its gate instead of to its caller;
 * the gate says that a thread has arrived, waits a bounded time for the pup's word, and goes on to
 * the real return address. All result registers are as the procedure left them. */
#include "pup_runtime.h"

        .section .text.pup_gates, "ax", @progbits
        .hidden __pup_gates, __pup_gate_wait, __pup_gate_states, __pup_gate_wait_ms
        .globl  __pup_gates, __pup_gate_wait

/* Unwinders look up the byte before a return address, so each gate's information begins one nop in
 * front of its entry. At the entry the real return address is found at a fixed distance from the
 * return address column's own value; after the first push it is on the stack as usual. */
        .balign 32
        .skip   31, 0x90
        .set    gate, 0
        .rept   PUP_GATE_COUNT
        .cfi_startproc
        .cfi_def_cfa rsp, 0
        /* DW_CFA_expression, column 16, 2 bytes: DW_OP_breg16 PUP_GATE_RETURN_OFFSET */
        .cfi_escape 0x10, 16, 2, 0x80, PUP_GATE_RETURN_OFFSET
        nop
        .if gate == 0
__pup_gates:
        .endif
        .set    here, .
        pushq   PUP_GATE_RETURN_OFFSET - 6(%rip)
        .cfi_def_cfa_offset 8
        .cfi_offset 16, -8
        pushq   $gate
        .cfi_def_cfa_offset 16
        jmp     __pup_gate_wait
        .cfi_endproc
        .org    here + PUP_GATE_RETURN_OFFSET, 0xcc
        .quad   0
        .org    here + PUP_GATE_STRIDE - 1, 0xcc
        .set    gate, gate + 1
        .endr
        .byte   0xcc

/* On the stack: the gate's number, the real return address. */
        .balign 16
        .type   __pup_gate_wait, @function
__pup_gate_wait:
        .cfi_startproc
        .cfi_def_cfa rsp, 16
        .cfi_offset 16, -8
        pushq   %rax
        .cfi_adjust_cfa_offset 8
        pushq   %rcx
        .cfi_adjust_cfa_offset 8
        pushq   %rdx
        .cfi_adjust_cfa_offset 8
        pushq   %rsi
        .cfi_adjust_cfa_offset 8
        pushq   %rdi
        .cfi_adjust_cfa_offset 8
        pushq   %r8
        .cfi_adjust_cfa_offset 8
        pushq   %r9
        .cfi_adjust_cfa_offset 8
        pushq   %r10
        .cfi_adjust_cfa_offset 8
        pushq   %r11
        .cfi_adjust_cfa_offset 8
        movq    72(%rsp), %rcx
        leaq    __pup_gate_states(%rip), %rdi
        leaq    (%rdi,%rcx,8), %rdi
        lock incl (%rdi)
        addq    $4, %rdi
        movl    __pup_gate_wait_ms(%rip), %eax
        imulq   $1000000 / PUP_GATE_SLICES, %rax, %rax
        xorl    %edx, %edx
        movl    $1000000000, %ecx
        divq    %rcx
        pushq   %rdx                    /* struct timespec: tv_nsec */
        .cfi_adjust_cfa_offset 8
        pushq   %rax                    /* tv_sec */
        .cfi_adjust_cfa_offset 8
        /* The wait is cut in slices, and a signal handler ends its slice: so the whole is bounded
         * however often the wait is interrupted, and no clock is asked. */
        movl    $PUP_GATE_SLICES, %r8d
.Lagain:
        cmpl    $0, (%rdi)
        jne     .Lgo
        movl    $202, %eax              /* futex(&released, FUTEX_WAIT_PRIVATE, 0, &timeout) */
        movl    $128, %esi
        xorl    %edx, %edx
        movq    %rsp, %r10
        syscall
        decl    %r8d
        jnz     .Lagain
.Lgo:
        addq    $16, %rsp
        .cfi_adjust_cfa_offset -16
        popq    %r11
        .cfi_adjust_cfa_offset -8
        popq    %r10
        .cfi_adjust_cfa_offset -8
        popq    %r9
        .cfi_adjust_cfa_offset -8
        popq    %r8
        .cfi_adjust_cfa_offset -8
        popq    %rdi
        .cfi_adjust_cfa_offset -8
        popq    %rsi
        .cfi_adjust_cfa_offset -8
        popq    %rdx
        .cfi_adjust_cfa_offset -8
        popq    %rcx
        .cfi_adjust_cfa_offset -8
        popq    %rax
        .cfi_adjust_cfa_offset -8
        cmpq    $0, 8(%rsp)
        je      .Lnowhere
        leaq    8(%rsp), %rsp
        .cfi_remember_state
        .cfi_adjust_cfa_offset -8
        ret
        .cfi_restore_state
.Lnowhere:                              /* a gate that nobody placed: better here than at 0 */
        hlt
        .cfi_endproc
        .size   __pup_gate_wait, . - __pup_gate_wait
        .section .note.GNU-stack, "", @progbits
