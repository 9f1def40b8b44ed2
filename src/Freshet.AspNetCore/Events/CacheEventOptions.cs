namespace Freshet.AspNetCore;

/// <summary>
/// The settings of events to clients, read from the section <c>Freshet:Events</c> of the configuration, then from
/// <c>AddFreshet().Events(o => …)</c>, and checked when the application starts.
/// </summary>
public sealed class CacheEventOptions
{
    /// <summary>
    /// The longest silence on a connection; clients trust what they kept for twice that. Default 10 s; 1 s to 5 min.
    /// </summary>
    public TimeSpan Heartbeat { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// The origins whose pages may connect, such as <c>https://app.example</c>; <c>*</c> for all. Default: none, which means
    /// pages of the API's own host. Programs send no <c>Origin</c> and are not asked for one.
    /// </summary>
    public IList<string> AllowedOrigins { get; } = [];

    /// <summary>How many connections one user may have. Default 20; 1 to 10,000. Who is not signed in counts for the tenant only.</summary>
    public int MaxConnectionsPerUser { get; set; } = 20;

    /// <summary>How many connections one tenant may have. Default 20,000; 1 to 1,000,000.</summary>
    public int MaxConnectionsPerTenant { get; set; } = 20_000;

    /// <summary>How many connections this node takes. Default 50,000; 1 to 1,000,000.</summary>
    public int MaxConnections { get; set; } = 50_000;

    /// <summary>How long a client may take to read a message before it is let go. Default 30 s; 1 s to 10 min.</summary>
    public TimeSpan SendTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// How many groups an answer names at most; above, it names whole entity types, then the whole tenant, and is dropped more
    /// often. Default 40, some 500 bytes; 4 to 200.
    /// </summary>
    public int MaxGroups { get; set; } = 40;

    /// <summary>
    /// Asked when a client connects, which is answered 403 when it says false, and for each connection every
    /// <see cref="RecheckEvery"/>, which is closed then with code 4403. Default: none. It gets the user who connected and
    /// services of its own. When it fails, or takes longer than <see cref="RecheckEvery"/>, the connection is closed with code
    /// 1011, and its client connects again.
    /// </summary>
    public Func<System.Security.Claims.ClaimsPrincipal, IServiceProvider, CancellationToken, ValueTask<bool>>? MayStay { get; set; }

    /// <summary>How often <see cref="MayStay"/> is asked. Default 1 min; 1 s to 1 day.</summary>
    public TimeSpan RecheckEvery { get; set; } = TimeSpan.FromMinutes(1);
}
