using System.Runtime.CompilerServices;
using Freshet.Coherence;

namespace Freshet.Client.Tests.Simulation;

/// <summary>What a variant breaks: a word of the server, or a step of the client. As it stands it breaks nothing.</summary>
internal class Rules
{
    public virtual bool TellsPlaceThoughTouched => false;

    public virtual bool PlaceIsReadAtTheEnd => false;

    public virtual bool SaysResync => true;

    public virtual bool NamesWhatWasWritten => true;

    public virtual bool NamesWhatAGetHasWritten => true;

    public virtual bool SaysPending => true;

    public virtual HttpResponseMessage? AnswerInsteadOfNone => null;

    public virtual bool SaysResumed(bool isResumed) => isResumed;

    public virtual string Damaged(string heartbeat) => "no JSON";

    public virtual Epoch NameOf(Epoch epoch) => epoch;

    public virtual SessionPositions PositionOf(SessionPositions message) => message;

    public virtual SessionPositions Carried(string text) => SimWords.ReadToken(text);

    public virtual string ResumesFrom(FreshetClient client, string asked) => asked;

    public virtual void Departed(FreshetClient client)
    {
    }

    public virtual void BeforeGet(FreshetClient client)
    {
    }

    public virtual void Answered(HttpResponseMessage write)
    {
    }
}

/// <summary>E8, broken on purpose: each variant breaks one step and is caught by the model.</summary>
internal static class Variants
{
    public static IReadOnlyDictionary<string, (ulong Seed, Func<Rules> Make)> All { get; } = new Dictionary<string, (ulong, Func<Rules>)>(StringComparer.Ordinal)
    {
        ["E8_PlaceAfterTheLoad"] = (28, () => new PlaceAfterTheLoad()),
        ["E8_PlaceIsToldThoughTouched"] = (1, () => new PlaceIsToldThoughTouched()),
        ["E8_PlaceAlwaysTrusted"] = (1, () => new PlaceAlwaysTrusted()),
        ["E8_OneLogOfTwoIsCompared"] = (1, () => new OneLogOfTwoIsCompared()),
        ["E8_PositionOfAnotherEpochIsCompared"] = (1, () => new PositionOfAnotherEpochIsCompared()),
        ["E8_FlightsAreForgotten"] = (1, () => new FlightsAreForgotten()),
        ["E8_ContactNeverEnds"] = (1, () => new ContactNeverEnds()),
        ["E8_PositionIsNotCarried"] = (5, () => new PositionIsNotCarried()),
        ["E8_WriteDropsNothing"] = (1, () => new WriteDropsNothing()),
        ["E8_GetThatWritesIsOverlooked"] = (1, () => new GetThatWritesIsOverlooked()),
        ["E8_PendingIsToldByThePosition"] = (1, () => new PendingIsToldByThePosition()),
        ["E8_EndOfTheAnswerIsOverlooked"] = (11, () => new EndOfTheAnswerIsOverlooked()),
        ["E8_NoTouchAfterAnUnansweredWrite"] = (2, () => new NoTouchAfterAnUnansweredWrite()),
        ["E8_ResumesFromTheWritesPosition"] = (2, () => new ResumesFromTheWritesPosition()),
        ["E8_UnresumedReadyIsPassedOver"] = (2, () => new UnresumedReadyIsPassedOver()),
        ["E8_ResyncIsPassedOver"] = (2, () => new ResyncIsPassedOver()),
        ["E8_DamagedMessageIsPassedOver"] = (3, () => new DamagedMessageIsPassedOver()),
    };

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_onEnd")]
    private static extern ref Action? OnEnd(EndNoticedContent content);

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_flights")]
    private static extern ref HashSet<Flight> Flights(FreshetClient client);

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_known")]
    private static extern ref ClientPosition Known(FreshetClient client);

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_lastHeard")]
    private static extern ref Moment? LastHeard(FreshetClient client);

    private sealed class PlaceAfterTheLoad : Rules
    {
        public override bool PlaceIsReadAtTheEnd => true;
    }

    private sealed class PlaceIsToldThoughTouched : Rules
    {
        public override bool TellsPlaceThoughTouched => true;
    }

    // Every place covers what is told from before the log's first record.
    private sealed class PlaceAlwaysTrusted : Rules
    {
        public override SessionPositions PositionOf(SessionPositions message) =>
            new(message.Own!.Value with { Offset = 0 }, message.Public!.Value with { Offset = 0 });
    }

    private sealed class OneLogOfTwoIsCompared : Rules
    {
        public override SessionPositions PositionOf(SessionPositions message) => message with { Public = null };
    }

    private sealed class PositionOfAnotherEpochIsCompared : Rules
    {
        public override Epoch NameOf(Epoch epoch) => default;
    }

    private sealed class FlightsAreForgotten : Rules
    {
        public override void Departed(FreshetClient client) => Flights(client).Clear();
    }

    private sealed class ContactNeverEnds : Rules
    {
        public override void BeforeGet(FreshetClient client) => LastHeard(client) = LastHeard(client) is null ? null : Moment.Now(client.Time);
    }

    private sealed class PositionIsNotCarried : Rules
    {
        public override SessionPositions Carried(string text) => default;
    }

    private sealed class WriteDropsNothing : Rules
    {
        public override bool NamesWhatWasWritten => false;
    }

    private sealed class GetThatWritesIsOverlooked : Rules
    {
        public override bool NamesWhatAGetHasWritten => false;
    }

    private sealed class PendingIsToldByThePosition : Rules
    {
        public override bool SaysPending => false;
    }

    private sealed class EndOfTheAnswerIsOverlooked : Rules
    {
        public override void Answered(HttpResponseMessage write)
        {
            if (write.Content is EndNoticedContent content)
                OnEnd(content) = null;
        }
    }

    private sealed class NoTouchAfterAnUnansweredWrite : Rules
    {
        public override HttpResponseMessage? AnswerInsteadOfNone => new(System.Net.HttpStatusCode.RequestTimeout);
    }

    private sealed class ResumesFromTheWritesPosition : Rules
    {
        public override string ResumesFrom(FreshetClient client, string asked) => asked.Length > 0 ? Known(client).ToString() : asked;
    }

    private sealed class UnresumedReadyIsPassedOver : Rules
    {
        public override bool SaysResumed(bool isResumed) => true;
    }

    private sealed class ResyncIsPassedOver : Rules
    {
        public override bool SaysResync => false;
    }

    private sealed class DamagedMessageIsPassedOver : Rules
    {
        public override string Damaged(string heartbeat) => heartbeat;
    }
}
