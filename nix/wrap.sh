# Makes a package of links to another, whose programs run confined.
cp -rsT --no-preserve=mode "$package" "$out"
for dir in bin sbin; do
  for file in "$package/$dir"/*; do
    [ -f "$file" ] && [ -x "$file" ] || continue
    name=${file##*/}
    rm "$out/$dir/$name"
    printf '#!%s\nexec %s %q "$@"\n' "$interpreter" "$confine" "$file" >"$out/$dir/$name"
    chmod +x "$out/$dir/$name"
  done
done
# What starts a program by its file starts the confined one.
for dir in share/applications share/dbus-1 share/systemd lib/systemd share/xsessions share/wayland-sessions etc/xdg/autostart; do
  [ -d "$package/$dir" ] || continue
  { grep -rl "$package/" "$package/$dir" || true; } | while IFS= read -r file; do
    copy=$out${file#"$package"}
    rm "$copy"
    sed "s|$package/\(s\?bin\)/|$out/\1/|g" "$file" >"$copy"
  done
done
