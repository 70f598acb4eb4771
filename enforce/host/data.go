package host

import (
	"path/filepath"
	"strings"

	"github.com/nix-purity/purity/enforce"
)

// DataVariables name files and directories with data that programs of Nix look
// for on the host: languages, certificates, time zones, terminals, fonts.
var DataVariables = []string{
	"LOCALE_ARCHIVE", "LOCALE_ARCHIVE_2_27", "TZDIR", "TERMINFO", "TERMINFO_DIRS",
	"SSL_CERT_FILE", "SSL_CERT_DIR", "NIX_SSL_CERT_FILE", "CURL_CA_BUNDLE", "GIT_SSL_CAINFO", "REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS",
	"FONTCONFIG_FILE",
}

// Data grants for reading the paths that the data variables of the calling environment
// name. The home directory and its parents are not data.
func Data(paths Paths) []enforce.Grant {
	var grants []enforce.Grant
	for _, name := range DataVariables {
		for _, path := range strings.Split(paths.Getenv(name), ":") {
			path = filepath.Clean(path)
			if !filepath.IsAbs(path) || strings.HasPrefix(paths.Home+"/", strings.TrimSuffix(path, "/")+"/") {
				continue
			}
			grants = append(grants, enforce.Grant{Path: path, Access: read, Reason: "data: $" + name, Optional: true})
		}
	}
	return grants
}
