# TOML of an attribute set. Strings, numbers and truth values are written as in
# JSON; so are lists, but for the tables in them. An attribute that is null is left out, as
# options of modules have it: TOML has no null. A derivation is the path of its output.
settings:
let
  inherit (builtins) attrNames concatStringsSep filter isAttrs isList map toJSON;
  names = set: filter (name: set.${name} != null) (attrNames set);
  value = v:
    if isAttrs v && !(v ? outPath) then "{ ${concatStringsSep ", " (map (name: "${toJSON name} = ${value v.${name}}") (names v))} }"
    else if isList v then "[${concatStringsSep ", " (map value v)}]"
    else if v == null then throw "a setting of purity has null in a list: purity.toml has no null"
    else toJSON v;
in
concatStringsSep "" (map (name: "${toJSON name} = ${value settings.${name}}\n") (names settings))
