namespace Traffic.Demo;

/// <summary>What the command line asks for.</summary>
/// <param name="Platform">The platform's executable.</param>
/// <param name="Length">How long each of the two runs plays.</param>
/// <param name="Port">Where the platform listens, on loopback.</param>
/// <param name="Json">Where the figures go as JSON; null for nowhere.</param>
/// <param name="Exit">End after the table instead of staying up.</param>
/// <param name="Seed">The seed of the script.</param>
internal sealed record DemoOptions(string Platform, TimeSpan Length, int Port, FileInfo? Json, bool Exit, int Seed);

/// <summary>Something outside that the demo cannot do without: ends it with one line and status 2.</summary>
internal sealed class DemoException(string message, Exception? inner = null) : Exception(message, inner);
