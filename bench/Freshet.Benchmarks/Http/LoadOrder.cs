namespace Freshet.Benchmarks.Http;

/// <summary>What the load generator is told to do.</summary>
/// <param name="Port">Where, on loopback.</param>
/// <param name="Request">One request, as the bytes that go over the wire.</param>
/// <param name="Status">What every answer must begin with, such as <c>HTTP/1.1 200</c>.</param>
/// <param name="BodyLength">The length of every answer's body.</param>
/// <param name="Connections">How many connections, kept alive, each with its own loop.</param>
/// <param name="Pipeline">How many requests go out at once on each; 1: plain request and answer.</param>
/// <param name="Seconds">For how long.</param>
internal sealed record LoadOrder(
    int Port, byte[] Request, string Status, int BodyLength, int Connections, int Pipeline, double Seconds);

/// <summary>What the load generator saw. With an <c>Error</c> the figures are void.</summary>
internal sealed record LoadResult(long Responses, double Seconds, double P50Milliseconds, double P99Milliseconds, string? Error)
{
    public double PerSecond => Responses / Seconds;
}
