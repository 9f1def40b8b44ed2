using System.ComponentModel.DataAnnotations;

namespace MigrationPlatform;

/// <summary>The settings under <c>Platform</c>; checked when the application starts.</summary>
internal sealed class PlatformOptions
{
    public const string Section = "Platform";

    /// <summary>Where the SQLite file and the token keys live; relative to the working directory. Default <c>data</c>.</summary>
    [Required]
    public string DataFolder { get; init; } = "data";

    /// <summary>How long a bearer token is accepted: one minute to seven days, default eight hours.</summary>
    [Range(typeof(TimeSpan), "00:01:00", "7.00:00:00")]
    public TimeSpan TokenLifetime { get; init; } = TimeSpan.FromHours(8);

    /// <summary>The largest CSV accepted, in bytes: 1 KiB to 64 MiB, default 4 MiB.</summary>
    [Range(1_024, 67_108_864)]
    public int MaxCsvBytes { get; init; } = 4_194_304;

    /// <summary>The most rows one CSV may hold: 1 to 100,000, default 20,000.</summary>
    [Range(1, 100_000)]
    public int MaxCsvRows { get; init; } = 20_000;

    public string DataPath(string name) => Path.Combine(Path.GetFullPath(DataFolder), name);
}
