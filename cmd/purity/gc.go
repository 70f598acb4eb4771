package main

type gcCmd struct{}

// Help is shown below the flags.
func (gcCmd) Help() string {
	return `Cached environments are kept alive by garbage collector roots. This removes them
for every project whose directory is gone, with the project's private HOME;
what the store holds for them goes with the next nix-collect-garbage.`
}

// Run removes what belongs to no project any more.
func (gcCmd) Run(a *app) error {
	nix, err := a.nix()
	if err != nil {
		return err
	}
	removed, err := nix.Collect()
	for _, c := range removed {
		a.log.Info().Msgf("removed %d environments of %s", c.Environments, c.Project)
	}
	if err == nil && len(removed) == 0 {
		a.log.Info().Msg("nothing to remove: every cached project is still there")
	}
	return err
}
