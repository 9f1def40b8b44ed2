using Freshet.Events;
using Freshet.Loading;
using FsCheck;
using FsCheck.Fluent;

namespace Freshet.Tests.Events;

public class GroupNamesTests
{
    private static readonly GroupNames Names = new(new byte[32]);
    private static readonly Tenant Acme = Tenant.Named("acme");

    private static Gen<Tag> Tags => Gen.Elements("a", "b", "c").ListOf().Select(s => s.Count == 0 ? Tag.Of("a") : Tag.Of([.. s.Take(4)]));

    private static Gen<Dependency> Dependencies => Tags.Zip(Gen.Elements(true, false), (tag, isSubtree) => isSubtree ? tag.Subtree : tag);

    // What the rule of tags says, in the plainest words.
    private static bool Concerns(Tag touched, Dependency dependency)
    {
        var (touch, own) = (touched.Segments.ToArray(), dependency.Tag.Segments.ToArray());
        return own.Take(touch.Length).SequenceEqual(touch, StringComparer.Ordinal) || (dependency.IsSubtree && touch.Take(own.Length).SequenceEqual(own, StringComparer.Ordinal));
    }

    [Fact]
    public void TouchAndAnswer_ShareAName_WhenTheOneConcernsTheOther() =>
        Prop.ForAll(Tags.Zip(Dependencies).ToArbitrary(), c =>
        {
            var (touched, dependency) = c;
            var answer = Names.Of([new EntryDependency(Acme, dependency)], Acme, 100);
            return Names.OfTouches([(Acme, touched)], 100).Intersect(answer, StringComparer.Ordinal).Any() == Concerns(touched, dependency);
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(3000));

    [Fact]
    public void TooManyNames_AreCoarser_AndNeverTooFew() =>
        Prop.ForAll(Tags.ListOf().Zip(Dependencies.ListOf()).Where(c => c.Item1.Count > 0).ToArbitrary(), c =>
        {
            var (touched, dependencies) = c;
            var answer = Names.Of([.. dependencies.Select(d => new EntryDependency(Acme, d))], Acme, 4);
            var told = Names.OfTouches([.. touched.Select(t => (Acme, t))], 4);
            var isConcerned = touched.Any(t => dependencies.Any(d => Concerns(t, d)));
            return answer.Count <= 4 && told.Count <= 4 && (!isConcerned || told.Contains("*", StringComparer.Ordinal) || told.Intersect(answer, StringComparer.Ordinal).Any());
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(3000));

    [Fact]
    public void TouchOfEverything_IsTheStar_EvenForWhatWasMadeFromNothing()
    {
        Assert.Equal(["*"], Names.OfTouches([(Acme, Tag.Root)], 10));
        Assert.Single(Names.Of([], Acme, 10));
    }

    [Fact]
    public void Rotation_TouchIsNamedUnderBothSecrets_WithinTheBound()
    {
        byte[] former = [.. Enumerable.Repeat((byte)1, 32)];
        byte[] next = [.. Enumerable.Repeat((byte)2, 32)];
        EntryDependency[] made = [new(Acme, Tag.Of("import", "42"))];
        GroupNames[] steps = [new(former), new(former, next), new(next, former), new(next)];
        for (var step = 0; step < 3; step++)
        {
            foreach (var (answering, telling) in new[] { (step, step + 1), (step + 1, step) })
                Assert.NotEmpty(steps[telling].OfTouches([(Acme, Tag.Of("import", "42"))], 10).Intersect(steps[answering].Of(made, Acme, 10), StringComparer.Ordinal));
        }

        Assert.Equal(["*"], steps[1].OfTouches([(Acme, Tag.Of("a", "b")), (Acme, Tag.Of("c", "d")), (Acme, Tag.Of("e", "f"))], 6));
        Assert.Equal(6, steps[1].OfTouches([(Acme, Tag.Of("a", "b"))], 6).Count);
    }

    [Fact]
    public void OtherTenantOrOtherSecret_HasOtherNames()
    {
        var here = Names.Of([new EntryDependency(Acme, Tag.Of("import", "42"))], Acme, 10);
        Assert.Equal(2, here.Count);
        Assert.All(here, name => Assert.Matches("^[A-Za-z0-9_-]{8}$", name));
        Assert.Empty(here.Intersect(Names.Of([new EntryDependency(Tenant.Named("globex"), Tag.Of("import", "42"))], Acme, 10), StringComparer.Ordinal));
        Assert.Empty(here.Intersect(new GroupNames(Enumerable.Repeat((byte)1, 32).ToArray()).Of([new EntryDependency(Acme, Tag.Of("import", "42"))], Acme, 10), StringComparer.Ordinal));
    }
}
