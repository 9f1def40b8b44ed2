
namespace MigrationPlatform.Tests.Hosting;

/// <summary>A data folder that is seeded once in a test run; every platform starts on a copy of its own.</summary>
internal static class SeededDatabase
{
    private static readonly Lazy<Task<string>> Template = new(SeedAsync);

    public static async Task<string> CopyAsync()
    {
        var (from, to) = (await Template.Value, NewFolder());
        foreach (var file in Directory.GetFiles(from, "*", SearchOption.AllDirectories))
        {
            var copy = Path.Combine(to, Path.GetRelativePath(from, file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(file, copy);
        }

        return to;
    }

    private static async Task<string> SeedAsync()
    {
        var folder = NewFolder();
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Directory.Delete(folder, recursive: true);
        await using var app = PlatformApp.Build(
            "--environment", "Development", "--urls", "http://127.0.0.1:0", "--Platform:DataFolder", folder,
            "--Logging:LogLevel:Default", "Warning");
        await app.StartAsync();
        // The last connection that closes folds the write-ahead log into the file.
        await app.StopAsync();
        Microsoft.Data.Sqlite.SqliteConnection.ClearAllPools();
        return folder;
    }

    private static string NewFolder() => Directory.CreateTempSubdirectory("platform-").FullName;
}
