"""The people and companies of the demo: invented names, subjects and phrases, and the ids made from them.

Everything is drawn from small lists with the generator's own random numbers. It knows nothing of tickets,
terms or time.
"""

import unicodedata
from random import Random

TRADES = (
    "Aceros", "Agroinsumos", "Alimentos", "Autopartes", "Cementos", "Cerámicas", "Confecciones",
    "Distribuidora", "Embotelladora", "Empaques", "Farmacias", "Ferretera", "Fletes", "Harinas", "Imprenta",
    "Laboratorios", "Lácteos", "Maderas", "Mariscos", "Muebles", "Papelera", "Pinturas", "Plásticos",
    "Químicos", "Refacciones", "Textiles", "Transportes", "Viveros", "Vidrios", "Zapaterías",
)  # fmt: skip
PLACES = (
    "del Bajío", "de Anáhuac", "del Pánuco", "de Occidente", "del Mayab", "de la Huasteca", "del Cofre",
    "del Nayar", "de Tepeyac", "del Istmo", "de la Laguna", "del Usumacinta", "Peña Alta", "Tres Ríos",
    "San Telmo", "Santa Brígida", "El Mezquite", "La Jacaranda", "Cinco Volcanes", "Los Encinos",
    "Monte Cárdeno", "Valle Nuevo", "Río Escondido", "Sierra Azul", "Costa Grande", "Puerto Marqués",
    "El Zarco", "Las Ánimas", "Cerro Pelón", "La Ceiba",
)  # fmt: skip
GIVEN = (
    "Alma", "Beatriz", "Carlos", "Daniela", "Efraín", "Fátima", "Gerardo", "Hilda", "Ismael", "Julieta",
    "Karina", "Leonel", "Maribel", "Noé", "Octavio", "Paulina", "Quetzalli", "Ramiro", "Socorro", "Tadeo",
    "Ulises", "Verónica", "Ximena", "Yahir",
)  # fmt: skip
FAMILY = (
    "Arriaga", "Barragán", "Cervantes", "Dorantes", "Escamilla", "Fuentes", "Galindo", "Huerta", "Ibarra",
    "Jasso", "Lozano", "Maldonado", "Navarrete", "Ocampo", "Pedraza", "Quiroz", "Rentería", "Sandoval",
    "Tovar", "Urrutia", "Villaseñor", "Zepeda",
)  # fmt: skip
CONSULTANTS = (
    "r.arriaga", "m.barragan", "l.cervantes", "d.dorantes", "p.escamilla", "j.fuentes", "s.galindo",
    "n.huerta", "k.ibarra", "o.jasso", "v.lozano", "t.maldonado",
)  # fmt: skip
SUPERVISOR = "c.navarrete"

SUBJECTS = (
    "El inventario no cuadra con el cierre", "Error al timbrar facturas", "No se puede contabilizar el lote",
    "El reporte de antigüedad sale vacío", "Lentitud al abrir pedidos", "Alta de un usuario de almacén",
    "La impresora de etiquetas no responde", "Cambio de cuenta contable en un artículo",
    "Se duplicó una orden de compra", "No llegan los avisos por correo", "Cómo se cancela un pago aplicado",
    "El respaldo de anoche falló", "Actualización del certificado de sello", "No entra la sesión remota",
    "Tipo de cambio atrasado", "Bloqueo al registrar existencias",
    "La interfaz con el banco rechaza el archivo", "Permisos para la nueva sucursal",
    "Cierre de mes detenido", "Costo promedio en negativo", "Configurar un diario recurrente",
    "Pantalla en blanco al facturar",
)  # fmt: skip
NOTES = (
    "Se envió avance por correo", "Se reprodujo en el ambiente de pruebas", "A la espera del área contable",
    "Se ajustó la configuración", "Se compartió el procedimiento", "Se revisó la bitácora del servidor",
)  # fmt: skip
REASONS = (
    "Afecta a más personas de lo informado", "Requiere revisar el código", "El área lo pidió para hoy",
    "Hay un rodeo mientras tanto",
)  # fmt: skip


def slug(name: str) -> str:
    """An id from a name: ASCII, lower case, hyphens for spaces."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode("ascii")
    return plain.lower().replace(" ", "-")


def company_names(rng: Random, count: int) -> list[str]:
    """`count` different names of companies; once all are used, they carry a number."""
    names = [f"{trade} {place}" for trade in TRADES for place in PLACES]
    rng.shuffle(names)
    laps = count // len(names)
    numbered = [f"{name} {lap + 1}" for lap in range(1, laps + 1) for name in names]
    return (names + numbered)[:count]


def people_of(rng: Random, client: str, count: int) -> list[str]:
    """`count` different people of a client, as the addresses they write from."""
    given = rng.sample(GIVEN, count)
    return [f"{slug(name)}.{slug(rng.choice(FAMILY))}@{client}.mx" for name in given]
