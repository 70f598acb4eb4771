package main

type doctorCmd struct {
	JSON bool `name:"json" help:"Print JSON."`
}

func (doctorCmd) Run(a *app) error { return nil }
