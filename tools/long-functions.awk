# Prints functions of more than 70 lines, in files as clang-format writes them: the body begins with a
# line that ends in "{" and ends with "}" at the depth of the line that the function began with.
# Lambdas are parts of the function around them; where there is none they are not measured.
function count(text, what) { return gsub(what, "", text) }
FNR == 1 { head = parens = body = 0; goes_on = 0 }
{
  match($0, /^ */)
  if (parens == 0 && !goes_on && $0 !~ /^ *: /) {
    head = RLENGTH
    is_block = $0 ~ /^ *((if|for|while|switch|else|do|namespace|class|struct|enum|try|case)([^A-Za-z0-9_]|$)|\})/
  }
  bare = $0
  gsub(/"([^"\\]|\\.)*"|'([^'\\]|\\.)+'|\/\/.*$/, "", bare)
  parens += count(bare, "\\(") - count(bare, "\\)")
  if (parens < 0) parens = 0
  goes_on = bare ~ /,$/
  if (body && RLENGTH == depth && $0 ~ /^ *\}/) {
    lines = FNR - body
    if (lines > 70) print FILENAME ":" body ": a function of " lines " lines, more than 70: split it"
    body = 0
  } else if (!body && !is_block && parens == 0 && bare !~ /\[[^]]*\] ?\(/ && bare ~ /[)a-z>] \{$/) {
    body = FNR
    depth = head
  }
}
