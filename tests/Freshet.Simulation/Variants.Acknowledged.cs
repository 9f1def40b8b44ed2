using Freshet.Coherence;

namespace Freshet.Simulation;

/// <summary>What is broken in how writes are acknowledged (C9), and in what clients carry (C10).</summary>
internal static partial class Variants
{
    private sealed class AcknowledgesBeforeItIsLogged : Rules
    {
        public override bool AcknowledgesAfterAppend => false;
    }

    private sealed class WriterWaitsForThePush : Rules
    {
        public override FollowStep OnAppended(LogFollower follower, Position at, IReadOnlyList<Tag> tags) => FollowStep.Done;
    }

    private sealed class OwnRecordAheadIsOverlooked : Rules
    {
        public override long? FenceOfStored(LogFollower follower, TagClocks clocks, Position stored) =>
            stored.Epoch == follower.Applied.Epoch && stored.Offset >= follower.Applied.Offset ? clocks.Now : base.FenceOfStored(follower, clocks, stored);
    }

    private sealed class OnlyTheFirstLogIsTold : Rules
    {
        public override bool Tells(Write write, int touch) => touch == 0;
    }

    private sealed class WriteInsideALoadIsNotTold : Rules
    {
        public override bool Tells(Write write, int touch) => write.Inside is null;
    }

    private sealed class UntoldIsNotWaitedFor : Rules
    {
        public override bool WaitsForTheUntold => false;
    }

    private sealed class WithoutTenantNothingIsTold : Rules
    {
        public override bool Tells(Write write, int touch) => write.Client.Log != Client.NoLog;
    }

    private sealed class RoomIsGrantedTwice : Rules
    {
        public override bool WritesShareRoom => false;
    }

    private sealed class WhatIsOnItsWayLosesItsPlace : Rules
    {
        public override bool WritesKeepWhatTheyCarry => false;
    }

    private sealed class PositionIsIgnored : Rules
    {
        public override bool Covers(LogFollower follower, Position position) => true;
    }
}
