namespace Freshet.Client;

/// <summary>
/// A moment by two clocks. The monotonic one stands still while some machines sleep, the wall clock may be set: the elapsed time
/// is the longer of the two, so trust ends too early rather than too late.
/// </summary>
internal readonly record struct Moment(long Timestamp, DateTimeOffset WallClock)
{
    public static Moment Now(TimeProvider time) => new(time.GetTimestamp(), time.GetUtcNow());

    public TimeSpan Elapsed(TimeProvider time)
    {
        var (monotonic, wall) = (time.GetElapsedTime(Timestamp), time.GetUtcNow() - WallClock);
        return monotonic > wall ? monotonic : wall;
    }
}
