# TOML of an attribute set. Strings, numbers and truth values are written as in
# JSON; so are lists, but for the tables in them. An attribute that is null is left out, as
# options of modules have it: TOML has no null. A derivation is the path of its output.
# JSON may have U+007F as it is, and TOML may not.
settings:
let
  inherit (builtins) attrNames concatStringsSep filter fromJSON isAttrs isList map replaceStrings;
  toJSON = v: replaceStrings [ (fromJSON ''"\u007f"'') ] [ "\\u007f" ] (builtins.toJSON v);
  names = set: filter (name: set.${name} != null) (attrNames set);
  value = v:
    if isAttrs v && !(v ? outPath || v ? __toString) then "{ ${concatStringsSep ", " (map (name: "${toJSON name} = ${value v.${name}}") (names v))} }"
    else if isList v then "[${concatStringsSep ", " (map value v)}]"
    else if v == null then throw "a setting of purity has null in a list: purity.toml has no null"
    else toJSON v;
in
concatStringsSep "" (map (name: "${toJSON name} = ${value settings.${name}}\n") (names settings))
