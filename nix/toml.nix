# TOML of an attribute set. Strings, numbers and truth values are written as in
# JSON; so are lists, but for the tables in them.
settings:
let
  inherit (builtins) attrNames concatStringsSep isAttrs isList map toJSON;
  value = v:
    if isAttrs v then "{ ${concatStringsSep ", " (map (name: "${toJSON name} = ${value v.${name}}") (attrNames v))} }"
    else if isList v then "[${concatStringsSep ", " (map value v)}]"
    else toJSON v;
in
concatStringsSep "" (map (name: "${toJSON name} = ${value settings.${name}}\n") (attrNames settings))
