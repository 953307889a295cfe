// Command control-plane is a whole Kubernetes control plane in one executable: its first
// argument names the program that it becomes, the rest are that program's own arguments.
package main

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/spf13/pflag"
	"go.etcd.io/etcd/server/v3/etcdmain"
	"k8s.io/component-base/cli"
	_ "k8s.io/component-base/logs/json/register"          // --logging-format=json
	_ "k8s.io/component-base/metrics/prometheus/clientgo" // client metrics, as in the official programs
	apiserver "k8s.io/kubernetes/cmd/kube-apiserver/app"
	controllermanager "k8s.io/kubernetes/cmd/kube-controller-manager/app"
	scheduler "k8s.io/kubernetes/cmd/kube-scheduler/app"
	kwokconfig "sigs.k8s.io/kwok/pkg/config"
	kwok "sigs.k8s.io/kwok/pkg/kwok/cmd"
	kwoklog "sigs.k8s.io/kwok/pkg/log"
	"sigs.k8s.io/kwok/pkg/utils/signals"
)

const usageExitCode = 2

// programs maps the official name of each program to what runs it. Each reads os.Args, which
// by then looks as if the program had been started under its own name.
var programs = map[string]func() int{
	"etcd":                    runEtcd,
	"kube-apiserver":          func() int { return cli.Run(apiserver.NewAPIServerCommand()) },
	"kube-controller-manager": func() int { return cli.Run(controllermanager.NewControllerManagerCommand()) },
	"kube-scheduler":          func() int { return cli.Run(scheduler.NewSchedulerCommand()) },
	"kwok":                    runKwok,
}

func main() {
	program, err := choose(os.Args)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(usageExitCode)
	}
	os.Args = os.Args[1:]
	os.Exit(program())
}

// choose returns the program that the arguments name; its error lists all names.
func choose(arguments []string) (func() int, error) {
	if len(arguments) > 1 {
		if program, found := programs[arguments[1]]; found {
			return program, nil
		}
	}
	names := make([]string, 0, len(programs))
	for name := range programs {
		names = append(names, name)
	}
	slices.Sort(names)
	return nil, fmt.Errorf("usage: control-plane PROGRAM [ARGUMENT]...\nPROGRAM is one of %s", strings.Join(names, ", "))
}

// runEtcd never returns in practice: etcd ends its process by itself.
func runEtcd() int {
	etcdmain.Main(os.Args)
	return 0
}

func runKwok() int {
	if err := kwokCommand(signals.SetupSignalContext()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// kwokCommand runs kwok with the two stages of flags that its own main has: the global ones
// (--config, --v) are read before the command exists, because the configuration sets the defaults of the others.
func kwokCommand(ctx context.Context) error {
	global := pflag.NewFlagSet("global", pflag.ContinueOnError)
	global.ParseErrorsAllowlist.UnknownFlags = true
	global.Usage = func() {} // help is answered by the command below
	ctx, _ = kwoklog.InitFlags(ctx, global)
	ctx, err := kwokconfig.InitFlags(ctx, global)
	if err != nil {
		return err
	}
	command := kwok.NewCommand(ctx)
	command.Version = "" // with a version, cobra takes -v for it, which is kwok's verbosity
	command.PersistentFlags().AddFlagSet(global)
	return command.ExecuteContext(ctx)
}
