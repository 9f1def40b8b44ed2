using Freshet.Coherence;
using FsCheck;
using FsCheck.Fluent;

namespace Freshet.Tests.Coherence;

public class LogPositionsTests
{
    private static readonly Gen<Position> Positions =
        Gen.Choose(1, LogPositions.MaxEpochs).Zip(Gen.Choose(0, 9), (epoch, offset) => At(epoch, offset));

    private static readonly Gen<LogPositions> Carried = Positions.ListOf().Select(all => Of([.. all]));

    // With one epoch more than may be carried.
    private static readonly Gen<Position> Any = Gen.Choose(1, LogPositions.MaxEpochs + 1).Zip(Gen.Choose(0, 9), (epoch, offset) => At(epoch, offset));

    [Fact]
    public void C10_Merging_KeepsTheHighestOfEachEpoch_WhateverTheOrder() => Prop.ForAll(Carried.Zip(Carried).Zip(Carried).ToArbitrary(), three =>
    {
        var ((a, b), c) = three;
        return Same(a.Then(b), b.Then(a))
            && Same(a.Then(b).Then(c), a.Then(b.Then(c)))
            && a.Then(a).Equals(a)
            && a.Then(b).Then(b).Equals(a.Then(b))
            && Array.TrueForAll([.. a.All, .. b.All], p => Covers(a.Then(b), p));
    }).Check(Config.QuickThrowOnFailure.WithMaxTest(1000));

    [Fact]
    public void C10_MoreEpochsThanAreCarried_TheOneHeardOfFirstIsForgotten_AndNoOther() => Prop.ForAll(Any.ListOf().ToArbitrary(), heard =>
    {
        var carried = default(LogPositions);
        foreach (var position in heard)
        {
            var before = carried;
            carried = carried.With(position);
            if (carried.All.Length > LogPositions.MaxEpochs || !Covers(carried, position))
                return false;
            // What was heard of first goes only when a new epoch comes and there is no room.
            var isFull = before.All.Length == LogPositions.MaxEpochs && !before.All.ToArray().Any(p => p.Epoch == position.Epoch);
            foreach (var kept in isFull ? before.All[1..] : before.All)
            {
                if (!Covers(carried, kept))
                    return false;
            }
        }

        return true;
    }).Check(Config.QuickThrowOnFailure.WithMaxTest(1000));

    [Fact]
    public void Latest_IsOfTheEpochThatWasHeardOfLast()
    {
        var carried = Of(At(1, 5), At(2, 1), At(1, 9));
        Assert.Equal(At(2, 1), carried.Latest);
        Assert.Null(default(LogPositions).Latest);
        Assert.True(LogPositions.Of(null).IsEmpty);
    }

    private static Position At(int epoch, long offset) => new(new Epoch((UInt128)epoch), offset);

    private static LogPositions Of(params Position[] all) => all.Aggregate(default(LogPositions), (carried, p) => carried.With(p));

    private static bool Same(LogPositions one, LogPositions other) => one.All.ToArray().ToHashSet().SetEquals(other.All.ToArray());

    private static bool Covers(LogPositions carried, Position position) => carried.All.ToArray().Any(p => p.Epoch == position.Epoch && p.Offset >= position.Offset);
}
