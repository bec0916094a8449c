// The scripts hold no table: options, commands and names come from `cox completion words`.
#include "cmds/completion/scripts.h"

namespace cox::cmds {

const std::string_view bash_script =
    R"(# Completion of cox for bash; `cox completion bash` prints it.
_cox() {
  local cur=${COMP_WORDS[COMP_CWORD]} line
  [ "$cur" != = ] || cur=
  COMPREPLY=()
  while IFS= read -r line; do
    case $line in
      :files) compopt -o filenames; mapfile -t -O ${#COMPREPLY[@]} COMPREPLY < <(compgen -f -- "$cur") ;;
      :directories) compopt -o filenames; mapfile -t -O ${#COMPREPLY[@]} COMPREPLY < <(compgen -d -- "$cur") ;;
      :programs) mapfile -t -O ${#COMPREPLY[@]} COMPREPLY < <(compgen -c -- "$cur") ;;
      :users) mapfile -t -O ${#COMPREPLY[@]} COMPREPLY < <(compgen -u -- "$cur") ;;
      *=) compopt -o nospace; COMPREPLY+=("$line") ;;
      *) COMPREPLY+=("$line") ;;
    esac
  done < <(cox completion words bash "${COMP_WORDS[@]:0:COMP_CWORD+1}" 2>/dev/null)
}
complete -F _cox cox
)";

const std::string_view zsh_script = R"(#compdef cox
# Completion of cox for zsh; `cox completion zsh` prints it.
_cox() {
  local line word
  local -a found lines
  lines=("${(@f)$(cox completion words zsh "${(@)words[1,CURRENT]}" 2>/dev/null)}")
  for line in $lines; do
    case $line in
      :files) [[ $PREFIX == --*=* ]] && compset -P '*='; _files ;;
      :directories) [[ $PREFIX == --*=* ]] && compset -P '*='; _files -/ ;;
      :programs) _command_names -e ;;
      :users) [[ $PREFIX == --*=* ]] && compset -P '*='; _users ;;
      *)
        word=${line%%$'\t'*}
        if [[ $line == *$'\t'* ]]; then
          found+=("${word//:/\\:}:${line#*$'\t'}")
        else
          found+=("${word//:/\\:}")
        fi
        ;;
    esac
  done
  (( ! $#found )) || _describe -V cox found
}
if [ "$funcstack[1]" = _cox ]; then
  _cox "$@"
else
  compdef _cox cox
fi
)";

}  // namespace cox::cmds
