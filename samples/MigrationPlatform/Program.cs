await MigrationPlatform.PlatformApp.Build(args).RunAsync();
