namespace Freshet.Memory;

/// <summary>A place in one of the lists of <see cref="ExpiryWheel"/>: an entry, or the head of a ring of them.</summary>
internal class TimerLink
{
    internal TimerLink? NextTimer;
    internal TimerLink? PreviousTimer;
}
