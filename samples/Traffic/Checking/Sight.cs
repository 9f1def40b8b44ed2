namespace Traffic.Checking;

/// <summary>One acknowledgement.</summary>
/// <param name="Moment">When it arrived.</param>
/// <param name="Client">Who has seen it; negative for what everybody knew from the beginning.</param>
/// <param name="Node">Which node wrote; negative when it is not known.</param>
/// <param name="IsPending">The node could not log it yet: the other nodes promise nothing.</param>
internal readonly record struct Mark(long Moment, int Client, int Node, bool IsPending);

/// <summary>Which acknowledgements an answer must show, by who gave it to whom and when.</summary>
/// <param name="Begin">The moment before its request was sent.</param>
/// <param name="OthersBegin">The moment up to which it must show what others have written on other nodes.</param>
/// <param name="Client">Who asked.</param>
/// <param name="Node">Which node answered; negative when the client gave the answer itself.</param>
internal readonly record struct Sight(long Begin, long OthersBegin, int Client, int Node)
{
    public bool Includes(in Mark mark)
    {
        if (mark.Moment > Begin) return false;
        if (mark.Node >= 0 && mark.Node == Node) return true;
        return !mark.IsPending && (mark.Client == Client || mark.Moment <= OthersBegin);
    }
}
