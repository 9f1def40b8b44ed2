using Traffic.Scripts;

namespace Traffic.Checking;

/// <summary>One answer as a client got it.</summary>
/// <param name="Client">The number of the client: one browser of one user.</param>
/// <param name="User">Who is signed in there.</param>
/// <param name="Call">What was asked.</param>
/// <param name="Begin">The ledger's moment before the request was sent.</param>
/// <param name="Status">The status code.</param>
/// <param name="Shown">The body, or for a 304 the body this client held; null when there is none.</param>
/// <param name="Error">What an answer that is no success says.</param>
internal sealed record Answer(int Client, Account User, Call Call, long Begin, int Status, Content? Shown, string? Error = null)
{
    /// <summary>
    /// The moment up to which others' writes must show: before the request too when there is one node. What another node wrote, and
    /// what the client kept and gave itself, may be MaxStaleness older. The client's own writes always show.
    /// </summary>
    public long OthersBegin { get; init; } = Begin;

    /// <summary>The number of the node that gave it; negative when the client gave itself what it kept.</summary>
    public int Node { get; init; } = -1;

    /// <summary>Of a write: whether the node said that it could not log it yet, so that the other nodes promise nothing.</summary>
    public bool IsPending { get; init; }

    public Sight Sight => new(Begin, OthersBegin, Client, Node);
}
