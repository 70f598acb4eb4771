//go:build !linux

package early

func roomy() {}
