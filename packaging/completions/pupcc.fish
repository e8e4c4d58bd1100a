# fish completion for pupcc: its own options, then those of gcc.
complete -c pupcc -w gcc
complete -c pupcc -l keep-calls -d 'keep procedures apart that gcc would inline'
complete -c pupcc -l arena -x -d 'room for later versions'
complete -c pupcc -l tls-reserve -x -d 'room in each thread for later thread-local variables'
complete -c pupcc -l call-mode=table -d 'calls go through the binding table'
complete -c pupcc -l companions -d 'also write PROGRAM.delta and PROGRAM.pup.o'
complete -c pupcc -l explain -r -d 'print what was made of a program'
complete -c pupcc -l print-flags -d 'print the options that gcc is given beside yours'
