using CityHub.Context.Entities;
using Attribute = CityHub.Context.Entities.Attribute;

namespace CityHub.Context.Guard;

/// <summary>What somebody may see of the entities of some types. Names are IRI ids.</summary>
public abstract class EntitySight
{
    /// <summary>All of them, whole: nothing guards them.</summary>
    public static readonly EntitySight Everything = new Whole();

    /// <summary>Null: every attribute.</summary>
    public virtual IReadOnlySet<int>? Attributes => null;

    /// <summary>The types that are told; null: all that the entity has.</summary>
    public virtual int[]? Types => null;

    /// <summary>Scopes are told.</summary>
    public virtual bool Scoped => true;

    /// <summary>Some entities, or some times, are left out.</summary>
    public virtual bool HasRows => false;

    /// <summary>The attributes whose values decide which entities are left out; an id or a scope that decides is not among them.</summary>
    public virtual IReadOnlyCollection<int> RuledBy => [];

    /// <summary>The attributes whose newest observation is the time that decides which entities are left out; null: no time decides.</summary>
    public virtual IReadOnlySet<int>? TimedBy => null;

    /// <summary>Of an entity that belongs to several datasets the sight of each.</summary>
    public virtual IReadOnlyList<EntitySight> Parts => [this];

    /// <summary>The entity, with all of its attributes, is among those that may be seen.</summary>
    public virtual bool Holds(Entity entity) => true;

    /// <summary>As far as one instance of one of <see cref="RuledBy"/> decides it.</summary>
    public virtual bool HoldsWith(Attribute instance) => true;

    /// <summary>As far as what decides does not change: the id.</summary>
    public virtual bool HoldsOf(string id) => true;

    /// <summary>An instance lies within the times that may be seen; one that was not observed lies in none and beyond none.</summary>
    public virtual bool HoldsAt(Attribute instance) => true;

    /// <summary>
    /// The same object where nothing is hidden; null where the entity is not there. When it was modified is told by what is seen of it: a change of something hidden shows nowhere.
    /// Where attributes are hidden, one that is not is its default instance, else the first: what a field means, and no other.
    /// </summary>
    public Entity? See(Entity entity)
    {
        if (Attributes is not { } shown)
            return !HasRows || Holds(entity.Unpacked()) ? entity : null;
        var whole = entity.Unpacked();
        if (HasRows && !Holds(whole))
            return null;
        var attributes = new List<Attribute>(whole.Attributes.Count);
        var modified = entity.CreatedAt;
        var name = -1;
        foreach (var attribute in whole.Attributes)
        {
            var meant = attribute.Name != name;
            name = attribute.Name;
            if (!meant || !shown.Contains(name) || !HoldsAt(attribute))
                continue;
            attributes.Add(Alone(attribute));
            modified = Math.Max(modified, attribute.ModifiedAt);
        }

        return new Entity
        {
            Id = entity.Id, Types = Types ?? entity.Types, Scopes = Scoped ? entity.Scopes : [], CreatedAt = entity.CreatedAt, ModifiedAt = modified, ExpiresAt = entity.ExpiresAt, Attributes = attributes,
        };
    }

    /// <summary>The instance without what no field can name: its sub-attributes. Members that the standard writes bare stay.</summary>
    public static Attribute Alone(Attribute instance) => instance.Sub.All(IsBare) ? instance : instance with { Sub = [.. instance.Sub.Where(IsBare)] };

    private static bool IsBare(Attribute sub) => sub.Sub.Count == 0 && !BareMembers.NameOf(sub).IsEmpty;

    private sealed class Whole : EntitySight;
}
