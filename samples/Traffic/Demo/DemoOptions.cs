namespace Traffic.Demo;

/// <summary>What the command line asks for.</summary>
/// <param name="Platform">The platform's executable.</param>
/// <param name="Length">How long each of the two runs plays.</param>
/// <param name="Port">Where the platform listens, on loopback; further nodes on the ports after it.</param>
/// <param name="Json">Where the figures go as JSON; null for nowhere.</param>
/// <param name="Exit">End after the table instead of staying up.</param>
/// <param name="Seed">The seed of the script.</param>
internal sealed record DemoOptions(string Platform, TimeSpan Length, int Port, FileInfo? Json, bool Exit, int Seed)
{
    /// <summary>What <see cref="Redis"/> says for a server that the demo starts itself.</summary>
    public const string Local = "local";

    /// <summary>How many nodes share the database.</summary>
    public int Nodes { get; init; } = 1;

    /// <summary>The address of the Redis that they share, or <see cref="Local"/>; null for none.</summary>
    public string? Redis { get; init; }

    /// <summary>What does not fit together, as ./demo says it before the build; null when all does.</summary>
    public string? Misfit =>
        Nodes > 1 && Redis is null ? "--nodes needs --redis: an address such as redis://localhost:6379, or local."
        : Port + Nodes - 1 > 65535 ? "--port and --nodes go beyond port 65535."
        : null;
}

/// <summary>Something outside that the demo cannot do without: ends it with one line and status 2.</summary>
internal sealed class DemoException(string message, Exception? inner = null) : Exception(message, inner);
