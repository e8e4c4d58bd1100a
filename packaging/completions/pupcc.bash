# bash completion for pupcc: its own options, then those of gcc.
_pupcc() {
  local word=${COMP_WORDS[COMP_CWORD]}
  case $word in
    --*)
      mapfile -t COMPREPLY < <(compgen -W "--keep-calls --arena --tls-reserve --call-mode=table \
        --companions --explain --print-flags --pupcc-help" -- "$word")
      ;;
    *)
      if declare -F _gcc >/dev/null; then _gcc pupcc; else compopt -o default; fi
      ;;
  esac
}
complete -F _pupcc pupcc
