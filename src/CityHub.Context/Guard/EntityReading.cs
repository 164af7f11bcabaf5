using CityHub.Context.Entities;
using CityHub.Context.Query;
using CityHub.Core.Problems;

namespace CityHub.Context.Guard;

/// <summary>
/// The reading of one request by one caller, where types are guarded. What goes into the answer is <see cref="Show"/>n; then it is recorded, and only then does a byte leave.
/// A reading is of one request and is used by one thread at a time.
/// </summary>
public abstract class EntityReading
{
    /// <summary>Of entities with these types. Null: for the caller there are none.</summary>
    public abstract EntitySight? Of(int[] types);

    /// <summary>The types that are guarded, known to the caller or not.</summary>
    public abstract IReadOnlyCollection<int> Guarded { get; }

    /// <summary>What is not guarded is the caller's to read; false: he reads what grants give him and nothing else.</summary>
    public abstract bool ReadsFree { get; }

    /// <summary>What <see cref="Show"/> was called with, for whoever sends it later; empty: nothing of it is guarded.</summary>
    public abstract ReadOnlyMemory<byte> Shown();

    /// <summary>The entity as the caller may see it; null: it is not there for him.</summary>
    public Entity? See(Entity entity) => Of(entity.Types)?.See(entity);

    /// <summary>It goes into an answer: noted with the persons whom it is about. What is not noted must not be told.</summary>
    /// <param name="entity">Whole, as the hub knows it.</param>
    public abstract void Show(Entity entity);

    /// <summary>The attributes by which entities with these types name the persons whom they are about.</summary>
    public abstract IReadOnlyCollection<int> SubjectsOf(int[] types);

    /// <summary>An answer tells of them without showing them (a total, a page that passes over them, an order, "no"): of those that are alike the persons are noted where they are few.</summary>
    /// <param name="entities">Whole, as the hub knows them; only those that the caller sees. Read no further than is needed.</param>
    /// <param name="by">What tells them apart; empty: nothing does.</param>
    public abstract void Tell(IEnumerable<Entity> entities, IReadOnlyList<Func<Entity, string?>> by);

    /// <summary>The question names them: whoever of them is a person is noted, whatever is found, for "no" is an answer about him, too.</summary>
    /// <param name="types">IRI ids of the types that the request names; null: none.</param>
    /// <param name="values">Attributes that are compared, and with what.</param>
    public abstract void Name(IReadOnlyCollection<int>? types, IReadOnlyCollection<string> ids, IReadOnlyCollection<(int Attribute, string Value)> values);

    /// <summary>Durable on return. A problem: nothing leaves.</summary>
    /// <param name="question">What was asked for, in one text.</param>
    public abstract ValueTask<Problem?> RecordAsync(string question, CancellationToken cancel);

    /// <summary>Said before each block of at most 64 kB leaves. False: the grant has ended since, and nothing more does.</summary>
    public abstract bool MaySend(ReadOnlySpan<byte> block);

    /// <summary>Waits while a reader takes a block. False: the grant has ended meanwhile, and the connection is to be cut.</summary>
    public abstract ValueTask<bool> WaitAsync(Task writing);

    public abstract ValueTask CloseAsync(bool complete);
}

/// <summary>A tenant's entities through the eyes of one caller.</summary>
/// <param name="Reading">Null: he sees everything.</param>
internal sealed record SeenTable(EntityTable Whole, EntityReading? Reading)
{
    public Entity? Find(string id) => Whole.Find(id) is not { } entity ? null : Reading is null ? entity : Reading.See(entity);

    /// <summary>The entity for the answer: as it is now, noted.</summary>
    public Entity? Show(string id)
    {
        if (Whole.Find(id) is not { } entity || Reading is null)
            return Whole.Find(id);
        var seen = Reading.See(entity);
        if (seen is not null)
            Reading.Show(entity);
        return seen;
    }

    /// <summary>A page for the answer: what is gone since it was found is left out.</summary>
    public IReadOnlyList<Entity> Show(IReadOnlyList<Entity> page) => Reading is null ? page : [.. page.Select(e => Show(e.Id)).OfType<Entity>()];

    /// <summary>What a query tells beside the page: whom it names, whom its total, its offset or its order are about, and the few whom its total leaves out.</summary>
    public void Tell(EntityQuery query, QueryPage page, long now)
    {
        if (Reading is null)
            return;
        Reading.Name(query.Named, query.NamedIds, query.NamedValues());
        Reading.Name(null, [], query.NamedValues(linked: true));
        var looks = query.LooksAt;
        if (page.Found.Count > page.Entities.Count)
            Reading.Tell(page.Found.Select(e => Whole.Find(e.Id)).OfType<Entity>(), looks);
        if (!query.Count || looks.Count == 0)
            return;
        var found = page.Found.Select(e => e.Id).ToHashSet(StringComparer.Ordinal);
        Reading.Tell(Whole.OfTypes(query.Named ?? Reading.Guarded).Where(e => !found.Contains(e.Id) && Reading.See(e) is not null), []);
    }

    /// <summary>What discovery tells: which kinds of attributes entities have, and how many do.</summary>
    public void TellOfAll() => Reading?.Tell(Whole.OfTypes(Reading.Guarded).Where(e => Reading.See(e) is not null), [e => string.Join(' ', e.Types), e => string.Join(' ', e.Attributes.Select(a => $"{a.Name} {a.Kind}").Distinct())]);

    public IEnumerable<Entity> All() => Reading is null ? Whole.All() : Whole.All().Select(Reading.See).OfType<Entity>();

    public IEnumerable<Entity> OfTypes(IReadOnlyCollection<int> types) =>
        Reading is null ? Whole.OfTypes(types) : Whole.OfTypes(types).Select(Reading.See).OfType<Entity>().Where(e => e.Types.Any(types.Contains));

    /// <summary>How many entities have each type; of what is guarded, those that the caller sees. Only entities of guarded types are looked at.</summary>
    public (IReadOnlyDictionary<int, int> Types, int Count) Counts()
    {
        var (types, count) = (Whole.Types().ToDictionary(t => t.Type, t => t.Count), Whole.Count);
        if (Reading is null)
            return (types, count);
        foreach (var entity in Reading.ReadsFree ? Whole.OfTypes(Reading.Guarded) : Whole.All())
        {
            var seen = Reading.See(entity);
            count -= seen is null ? 1 : 0;
            foreach (var type in entity.Types)
                if (seen?.Types.Contains(type) != true && types.TryGetValue(type, out var many))
                    types[type] = many - 1;
        }

        return (types.Where(t => t.Value > 0).ToDictionary(), count);
    }

    public int CountOf(int type) => Counts().Types.GetValueOrDefault(type);
}
