//go:build !linux

package apitest

import "os/exec"

// dieWithParent has no counterpart outside Linux; a killed test leaves its servers running there.
func dieWithParent(*exec.Cmd) {}
