/* Procedures written by hand whose unwind information uses what compilers seldom do. */
#include "oracle.h"

int with_remembered(int n), with_value_offset(int n), with_register(int n), with_stack_register(int n);
int with_expression(int n), with_sums(int n), with_branches(int n), with_saved_pointer(int n);
void bare(void);

APART int inner(int n) { return n + sink; }

asm(
  ".text\n"
  ".type with_remembered, @function\n"
  "with_remembered: .cfi_startproc\n"
  "  push %rbx; .cfi_adjust_cfa_offset 8; .cfi_rel_offset rbx, 0\n"
  "  mov %edi, %ebx; test $1, %ebx; je 1f\n"
  "  .cfi_remember_state\n"
  "  push %r12; .cfi_adjust_cfa_offset 8; .cfi_rel_offset r12, 0\n"
  "  sub $8, %rsp; .cfi_adjust_cfa_offset 8\n"
  "  mov %ebx, %edi; call inner; lea 1(%rax), %r12; mov %r12, %rax\n"
  "  add $8, %rsp; .cfi_adjust_cfa_offset -8\n"
  "  pop %r12; .cfi_restore r12; .cfi_adjust_cfa_offset -8\n"
  "  pop %rbx; .cfi_restore rbx; .cfi_adjust_cfa_offset -8\n"
  "  ret\n"
  "1: .cfi_restore_state\n"
  "  mov %ebx, %edi; call inner\n"
  "  pop %rbx; .cfi_restore rbx; .cfi_adjust_cfa_offset -8\n"
  "  ret; .cfi_endproc\n"

  /* The caller's rsp by DW_CFA_val_offset, rbp in r12. */
  "with_value_offset: .cfi_startproc\n"
  "  push %r12; .cfi_adjust_cfa_offset 8; .cfi_rel_offset r12, 0\n"
  "  .cfi_escape 0x14, 7, 0\n"
  "  mov %rbp, %r12; .cfi_register rbp, r12\n"
  "  xor %ebp, %ebp\n"
  "  call inner\n"
  "  mov %r12, %rbp; .cfi_restore rbp\n"
  "  pop %r12; .cfi_restore r12; .cfi_adjust_cfa_offset -8\n"
  "  ret; .cfi_endproc\n"

  /* The return address in a register, as vfork(2) has it. */
  "with_register: .cfi_startproc\n"
  "  pop %rdx; .cfi_adjust_cfa_offset -8; .cfi_register rip, rdx\n"
  "  lea 3(%rdi), %eax\n"
  "  nop\n"
  "  push %rdx; .cfi_adjust_cfa_offset 8; .cfi_offset rip, -8\n"
  "  ret; .cfi_endproc\n"

  /* The frame is found by a register that is not the stack pointer, which is saved in another. */
  "with_stack_register: .cfi_startproc\n"
  "  mov %rsp, %r8; .cfi_def_cfa r8, 8; .cfi_escape 0x16, 7, 2, 0x78, 8\n"
  "  lea -4096(%rsp), %rsp\n"
  "  lea 3(%rdi), %eax\n"
  "  mov %r8, %rsp\n"
  "  .cfi_def_cfa rsp, 8\n"
  "  ret; .cfi_endproc\n"

  /* DW_CFA_def_cfa_expression: breg7 16, deref, plus_uconst 8; 8 is then the pushed frame. */
  "with_expression: .cfi_startproc\n"
  "  mov %rsp, %rax\n"
  "  sub $24, %rsp; .cfi_adjust_cfa_offset 24\n"
  "  mov %rax, 16(%rsp)\n"
  "  .cfi_escape 0x0f, 5, 0x77, 16, 0x06, 0x23, 8\n"
  "  call inner\n"
  "  .cfi_def_cfa rsp, 32\n"
  "  add $24, %rsp; .cfi_adjust_cfa_offset -24\n"
  "  ret; .cfi_endproc\n"

  /* The frame is breg7 16 (0x77, 16), to which 0 is added in roundabout ways: by swap, over and
   * drop; |-5| / 2 - 2; ~(-16 >> 4); 7 mod 7; and x ^ x by pick and dup. */
  "with_sums: .cfi_startproc\n"
  "  sub $8, %rsp\n"
  "  .cfi_escape 0x0f, 34, 0x77, 16, 0x32, 0x16, 0x14, 0x13, 0x16, 0x13"
  ", 0x35, 0x1f, 0x19, 0x32, 0x1b, 0x32, 0x1c"
  ", 0x09, 0xf0, 0x34, 0x26, 0x20, 0x22"
  ", 0x0a, 0x07, 0x00, 0x37, 0x1d, 0x22"
  ", 0x15, 0, 0x12, 0x27, 0x22, 0x22, 0x96\n"
  "  call inner\n"
  "  .cfi_def_cfa rsp, 16\n"
  "  add $8, %rsp; .cfi_adjust_cfa_offset -8\n"
  "  ret; .cfi_endproc\n"

  /* breg7 0, lit1, bra over (lit31, plus), skip over (deref), breg7 0, deref_size 1: the 16 that was
   * pushed; plus. */
  "with_branches: .cfi_startproc\n"
  "  push $16; .cfi_adjust_cfa_offset 8\n"
  "  .cfi_escape 0x0f, 17, 0x77, 0, 0x31, 0x28, 2, 0, 0x4f, 0x22, 0x2f, 1, 0, 0x06"
  ", 0x77, 0, 0x94, 1, 0x22\n"
  "  call inner\n"
  "  .cfi_def_cfa rsp, 16\n"
  "  add $8, %rsp; .cfi_adjust_cfa_offset -8\n"
  "  ret; .cfi_endproc\n"

  /* rbp by DW_CFA_expression (deref of the frame's address less 16). */
  "with_saved_pointer: .cfi_startproc\n"
  "  push %rbp; .cfi_adjust_cfa_offset 8\n"
  "  .cfi_escape 0x10, 6, 3, 0x08, 16, 0x1c\n"
  "  mov %rsp, %rbp; .cfi_def_cfa rbp, 16\n"
  "  and $-64, %rsp; sub $64, %rsp\n"
  "  call inner\n"
  "  leave; .cfi_def_cfa rsp, 8; .cfi_restore rbp\n"
  "  ret; .cfi_endproc\n"

  /* Says nothing. */
  ".type bare, @function\n"
  "bare: push %rbx; sub $16, %rsp; call inner; add $16, %rsp; pop %rbx; ret\n"
  ".size bare, . - bare\n");

int main(void) {
  for (int n = 0;; n++) {
    round_begins();
    sink += with_remembered(n) + with_value_offset(n) + with_register(n) + with_stack_register(n);
    sink += with_expression(n) + with_sums(n) + with_branches(n) + with_saved_pointer(n);
    if (n % 8 == 0) bare();
  }
}
