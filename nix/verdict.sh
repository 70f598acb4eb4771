# Fails as the report $report says: with 3 for an impurity, else as the command did. 127
# is a program that is not there, 125 that purity could not run it.
cat "$report/log"
read -r verdict <"$report/verdict"
read -r code <"$report/exit-code"
echo "purity: $label: $verdict; the report is in $report"
case $verdict in
  pure | reported) mkdir -p "$out" && cp "$report"/* "$out/" ;;
  impure) exit 3 ;;
  *) exit "$code" ;;
esac
