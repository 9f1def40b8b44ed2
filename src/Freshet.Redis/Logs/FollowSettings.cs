using Freshet.Redis.Agreements;

namespace Freshet.Redis.Logs;

/// <summary>How logs are followed.</summary>
/// <param name="MaxStaleness">How long an answered beat is good for, in timestamps.</param>
/// <param name="Capacity">How many applied records of a log are remembered.</param>
/// <param name="LogLifetime">For how long Redis keeps a log that nobody follows or appends to.</param>
/// <param name="Time">The clock.</param>
/// <param name="Agreements">Whether this node agrees with the others.</param>
internal sealed record FollowSettings(long MaxStaleness, int Capacity, TimeSpan LogLifetime, TimeProvider Time, NodeAgreements Agreements);
