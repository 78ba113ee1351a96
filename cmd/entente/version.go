package main

import "runtime/debug"

// version is set when a release is built (make build).
var version string

// programVersion is the release's version, or that of the source the program was built from.
func programVersion() string {
	if version != "" {
		return version
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "unknown"
}
