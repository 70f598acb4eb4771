# One JSON, one SARIF and one HTML file of many reports: $names and $reports are lists.
mkdir -p "$out"
read -r -a names <<<"$names"
read -r -a reports <<<"$reports"
for i in "${!names[@]}"; do
  jq --arg name "${names[i]}" --rawfile verdict "${reports[i]}/verdict" --arg path "${reports[i]}" \
    '{name: $name, verdict: ($verdict | rtrimstr("\n")), exitCode, findings: (.findings | length), report: $path}' "${reports[i]}/report.json"
done | jq -s . >"$out/summary.json"
for i in "${!names[@]}"; do # a category for each, as code scanning tells runs apart
  jq --arg name "${names[i]}" '.runs[] |= . + {automationDetails: {id: ($name + "/")}}' "${reports[i]}/report.sarif"
done | jq -s '.[0] + {runs: [.[].runs[]]}' >"$out/summary.sarif"
jq -r '"<!doctype html><meta charset=utf-8><title>purity</title><table><tr><th>check<th>verdict<th>findings",
  (.[] | "<tr><td><a href=\"\(.report)/report.html\">\(.name | @html)</a><td>\(.verdict)<td>\(.findings)"), "</table>"' "$out/summary.json" >"$out/summary.html"
jq -r '.[] | "\(.verdict)\t\(.name)"' "$out/summary.json"
