// Command stand-in is the one program of every image that the sandbox cannot have: it answers each HTTP or HTTPS request
// on the ports in STAND_IN_PORTS with 200. Under any other name (sh, redis-cli ...), and when its first argument is one
// of STAND_IN_JOBS, it ends at once with 0, so that probes by command, init containers and Jobs succeed.
package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

const (
	name  = "stand-in"
	grace = time.Second
)

func main() {
	if filepath.Base(os.Args[0]) != name || isJob(os.Args[1:]) {
		return
	}
	image := os.Getenv("STAND_IN_IMAGE")
	fmt.Printf("stand-in for %s: ports %q, arguments %q\n", image, os.Getenv("STAND_IN_PORTS"), os.Args[1:])

	ended := make(chan os.Signal, 1)
	signal.Notify(ended, syscall.SIGTERM, syscall.SIGINT)
	stop := serve(image, listOf("STAND_IN_PORTS"))
	fmt.Println("ends:", <-ended)
	stop()
}

// isJob tells whether the arguments are those of something that ends; "*" stands for any.
func isJob(arguments []string) bool {
	jobs := listOf("STAND_IN_JOBS")
	return slices.Contains(jobs, "*") || len(arguments) > 0 && slices.Contains(jobs, arguments[0])
}

func listOf(variable string) []string {
	return strings.FieldsFunc(os.Getenv(variable), func(char rune) bool { return char == ',' })
}

// serve answers on all ports until the returned function is called. A port that another container of the pod has taken is
// left to it.
func serve(image string, ports []string) func() {
	host, _ := os.Hostname()
	server := &http.Server{
		ReadHeaderTimeout: 10 * time.Second,
		Handler: http.HandlerFunc(func(answer http.ResponseWriter, request *http.Request) {
			answer.Header().Set("Content-Type", "text/plain")
			fmt.Fprintf(answer, "stand-in for %s on %s: %s %s\n", image, host, request.Method, request.URL)
		}),
	}
	plain, secure := newQueue(), newQueue()
	go func() { report("http", server.Serve(plain)) }()
	go func() { report("https", server.Serve(encrypted(secure))) }()
	for _, port := range ports {
		listener, err := net.Listen("tcp", ":"+port)
		if err != nil {
			fmt.Printf("port %s is not served: %v\n", port, err)
			continue
		}
		go sort(listener, plain, secure)
	}
	return func() {
		patience, cancel := context.WithTimeout(context.Background(), grace)
		defer cancel()
		report("shutdown", server.Shutdown(patience))
	}
}

func report(what string, err error) {
	if err != nil && !errors.Is(err, http.ErrServerClosed) {
		fmt.Printf("%s: %v\n", what, err)
	}
}
