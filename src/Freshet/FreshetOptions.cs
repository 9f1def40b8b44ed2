namespace Freshet;

/// <summary>
/// The settings of the cache, read from the section <c>Freshet</c> of the configuration, then from code, and checked when
/// the application starts.
/// </summary>
public sealed class FreshetOptions
{
    /// <summary>Whether anything is answered from the cache. Default true.</summary>
    public bool Enabled { get; set; } = true;

    /// <summary>
    /// Within what time a write shows on nodes other than the one that wrote. Default 1 s; 100 ms to 1 min. The writing
    /// node and the writing client see it at once, whatever this says.
    /// </summary>
    public TimeSpan MaxStaleness { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// The version of the application's data, a part of every key: a new version never reads what an old one stored.
    /// Default: the informational version of the entry assembly. 1 to 128 characters.
    /// </summary>
    public string AppVersion { get; set; } = DefaultAppVersion();

    /// <summary>How long a value is fresh that names no lifetime of its own. Default 5 min; more than zero, at most 30 days.</summary>
    public TimeSpan DefaultLifetime { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>How much the memory tier may hold.</summary>
    public MemoryOptions Memory { get; } = new();

    /// <summary>
    /// The places for clocks of touched tags, of all tenants together, beside 16 of each tenant: with more of them a node remembers
    /// longer what was touched. Tables are at most half full. Default 1,048,576; a power of two from 64 to 67,108,864;
    /// 12 bytes each, taken as they are needed.
    /// </summary>
    public int TagClocks { get; set; } = Coherence.TagClocks.DefaultSize;

    /// <summary>How many records each tenant's log keeps for those who follow it. Default 1,024; 1 to 1,048,576.</summary>
    public int LogRecords { get; set; } = Coherence.InvalidationLog.DefaultCapacity;

    /// <summary>How many loads may run at once on this node. Default 32 a processor, at least 64; 1 to 100,000.</summary>
    public int MaxConcurrentLoads { get; set; } = Math.Max(64, 32 * Environment.ProcessorCount);

    /// <summary>
    /// How long a load waits for its place, and a request for the load of another, before it goes ahead alone. Default
    /// 10 s; 10 ms to 10 min.
    /// </summary>
    public TimeSpan LoadWait { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// For how long a key whose value could not be shared is loaded side by side instead of in turns (hit-for-pass).
    /// Default 10 s; 0 to 10 min.
    /// </summary>
    public TimeSpan HitForPass { get; set; } = TimeSpan.FromSeconds(10);

    private static string DefaultAppVersion()
    {
        var assembly = System.Reflection.Assembly.GetEntryAssembly();
        var version = assembly is null
            ? null
            : System.Reflection.CustomAttributeExtensions.GetCustomAttribute<System.Reflection.AssemblyInformationalVersionAttribute>(assembly)?.InformationalVersion;
        return string.IsNullOrEmpty(version) ? "1" : version;
    }
}
