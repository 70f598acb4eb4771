//go:build !linux

package observe
