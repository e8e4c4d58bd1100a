extension FlagsPart {
  static let introduction = """
    What the options cost that pupcc adds, one by one: alone, and what is left without them. `-g` is not \
    among them, since it changes no code. The passes that `-flive-patching=inline-clone` switches off are \
    those that gcc says (`gcc -Q --help=optimizers`). Instructions are those of a small run, counted by \
    callgrind.
    """

  static let conclusions = """
    What follows. Nearly all of the price is that of one pass, `-fipa-ra`: a caller then keeps values in \
    registers that the callee is known to leave alone. Under `-flive-patching` it saves them, whether the callee \
    needs the registers or not. Programs whose hot loops call small procedures that are not inlined (bzip2, Lua) \
    pay for that most. The others are worth a fraction of a percent, each to one of the programs. `-mno-direct-extern-access` costs a load where code refers to \
    data of its own that others could see. A section for each procedure and datum costs nothing.

    The passes stay off. [Differences](differences.md#gccs-passes-that-stay-off) has the reason for each.

    `-fno-inline-functions-called-once` would let more procedures be replaced on their own. It moves the count of \
    instructions by about a hundredth either way, but what leaves the loop of an interpreter such as Lua's is \
    missed there: the time grows by more than the count. So it stays an option, with the rest of \
    `--keep-calls`, of which `-fno-inline-small-functions` is the dear one and `-fno-ipa-sra` costs nothing.
    """
}
