// Command copy is what init containers know as `cp -f FROM TO`, for images that hold nothing else.
package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

func main() {
	var paths []string
	for _, argument := range os.Args[1:] {
		if !strings.HasPrefix(argument, "-") {
			paths = append(paths, argument)
		}
	}
	if len(paths) != 2 {
		fmt.Fprintln(os.Stderr, "usage: cp [-f] FROM TO")
		os.Exit(2)
	}
	if err := copyFile(paths[0], paths[1]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// copyFile replaces the target as `cp -f` does: a program that runs cannot be written to, but it can be unlinked.
func copyFile(from, to string) error {
	source, err := os.Open(from)
	if err != nil {
		return err
	}
	defer source.Close()
	facts, err := source.Stat()
	if err != nil {
		return err
	}
	if target, err := os.Stat(to); err == nil && target.IsDir() {
		to = filepath.Join(to, filepath.Base(from))
	}
	if err := os.Remove(to); err != nil && !os.IsNotExist(err) {
		return err
	}
	target, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, facts.Mode().Perm())
	if err != nil {
		return err
	}
	if _, err := io.Copy(target, source); err != nil {
		target.Close()
		return err
	}
	return target.Close()
}
